"""Output formats: one pure function each, from what was checked to text."""
