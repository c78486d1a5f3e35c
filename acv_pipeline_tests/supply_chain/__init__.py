"""What the project rests on: known vulnerabilities, licences, a bill of materials."""
