"""What happens to conversations: who writes, what stands in them, who may see them, how they end."""
