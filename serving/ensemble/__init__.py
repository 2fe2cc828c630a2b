"""The graph that answers, and the four stages that most are made of."""
