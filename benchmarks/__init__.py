"""Speed as ratios to a rival in the same run; tests assert counts that must be 0, never times."""
