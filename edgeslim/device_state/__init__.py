"""What a device is and how it is doing, and settings that are put back."""
