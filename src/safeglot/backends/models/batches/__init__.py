"""The batch APIs of makers: half the price, up to a day."""
