"""History: who had which address when. `Book` writes it, `Records` reads it, `History` is the service that keeps it."""
