"""Help for authors of rules: lints, a skeleton, products in words."""
