"""YAML → rules; rules × events → matches. Import from the modules: ``loader``, ``rule``, ``matcher``, ``lint`` …"""
