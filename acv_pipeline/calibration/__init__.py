"""What an indicator's past deliveries say of its habits, as an entry of the contract."""
