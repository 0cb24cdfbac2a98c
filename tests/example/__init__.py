"""Made-up runs and pages: recorded and translated runs, translation sets, a small and a large page."""
