"""The companion's HTTP side: sessions for workflows' jobs, and chat completions for sessions."""
