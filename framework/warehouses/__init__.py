"""The warehouses: a file each, imported when a target asks for it."""
