"""Speed as ratios to a rival in the same run; nothing here is asserted by a test."""
