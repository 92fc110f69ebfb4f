"""The CDK app: stacks compose noun constructs, which expose what they made; grants are visible where stacks compose."""
