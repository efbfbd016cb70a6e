"""The service's sentences, dates and times: each is written once, here, for every interface."""
