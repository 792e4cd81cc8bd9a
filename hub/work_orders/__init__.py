"""Work orders: made from conversations, answered by departments, followed by leaders until somebody closes them."""
