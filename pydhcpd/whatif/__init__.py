"""What would be, if: captures replayed, and a new configuration rehearsed, by the steps that serve packets."""
