"""Events as JSON, in the shape of each tool that writes them."""
