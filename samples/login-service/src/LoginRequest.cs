namespace LoginService;

/// <summary>What a client sends. Nothing is known about it: any part may be absent, empty or far too long.</summary>
public sealed record LoginRequest(string? Username, string? Password);

/// <summary>What the client gets back: an HTTP status and a message for people.</summary>
public sealed record LoginResponse(int Status, string Message);
