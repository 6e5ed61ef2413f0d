"""The static front-end: LibCST trees are run abstractly; nothing of the checked program is executed."""
