"""What no single fault's test can show: random faults and kills, many times over, and the account
that must be right after them."""
