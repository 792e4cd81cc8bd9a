"""How the database got its shape, one step a module, in the order of their numbers."""
