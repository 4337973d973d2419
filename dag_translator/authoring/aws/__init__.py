"""What operators and sensors of AWS services are made of: rows of data, and one execute and poke that they drive."""
