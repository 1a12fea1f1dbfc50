"""The costs pages and the API behind them: server-rendered, and nothing of it is public."""
