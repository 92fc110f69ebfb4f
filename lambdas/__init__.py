"""One thin file per trigger: parse, call the domain once, return."""
