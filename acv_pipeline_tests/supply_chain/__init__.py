"""What the project rests on: known vulnerabilities, licences, a bill of materials.

Here: tools for whoever maintains the lock files (``make audit``, ``make sbom``), and their tests.
"""
