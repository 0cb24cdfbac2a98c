"""The functions of `import safeglot`, for scripts and notebooks: one for each of the main commands."""
