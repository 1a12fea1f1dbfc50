"""Self-hosted code review for GitHub pull requests, with budgets that hold."""
