namespace Ringfence.AgentSdk;

/// <summary>The agent could not be started, broke the protocol, or refused a request.</summary>
public sealed class AgentException(string message, Exception? inner = null) : Exception(message, inner);
