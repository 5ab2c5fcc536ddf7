"""What it costs, beside what others cost: measured in one run, and told as ratios."""
