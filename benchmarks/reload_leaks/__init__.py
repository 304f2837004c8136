"""What a thousand reloads leave behind: nothing."""
