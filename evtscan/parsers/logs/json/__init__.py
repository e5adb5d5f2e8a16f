"""Events as JSON, in the formats of the tools that write them."""
