"""What training minimises: one module per objective. Each trains from a folder into a folder."""
