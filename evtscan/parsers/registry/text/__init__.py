"""Registry exports as text: .reg, regdmp, REGEDT32 and reg query."""
