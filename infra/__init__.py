"""The CDK app: stacks compose noun constructs, constructs expose what they made, every grant is visible where stacks are composed."""
