"""Options that commands share: their groups, values and help texts."""
