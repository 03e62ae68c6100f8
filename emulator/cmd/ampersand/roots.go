package main

// The program runs where nothing else is, as in its image. What the machine has wins over both.
import (
	_ "time/tzdata" // alert manager definitions may name time zones

	_ "golang.org/x/crypto/x509roots/fallback" // authorities of AWS, and of OpenID Connect providers
)
