"""Bodies of requests by the schema that an API takes: valid ones, and one for each rule that it may break.

Here live the reading of schemas of all kinds (`kinds`, `schema`, `pydantic_schema`, `msgspec_schema`), the body of a
valid request (`bodies`, with what the factory says of it: `model_values`), and those that break one rule (`rules`,
`invalid`). Nothing here needs a kit: cases are made while tests are collected.
"""
