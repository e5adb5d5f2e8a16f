"""YAML → rules, with every problem collected."""
