"""The static front-end: syntax trees are run abstractly; nothing of the checked program is executed."""
