"""What a conversation is: pure values, no input or output."""
