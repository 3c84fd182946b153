"""The known names nearest to one that is not known, for the whole floor."""

from hookwright.schemas.nearest import did_you_mean, nearest

__all__ = ["did_you_mean", "nearest"]
