"""The sample hosts: what each of them logged, and what was collected from it."""
