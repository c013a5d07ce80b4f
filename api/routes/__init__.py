"""The API's routes: each one reads its request, makes one call, and answers."""
