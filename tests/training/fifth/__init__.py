"""A fifth task, as somebody would add it: an entry for the table of tasks and a module of training/."""
