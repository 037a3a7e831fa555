namespace Ringfence.Egress;

/// <summary>What the rules say of one connection or request, and why. No answer means no.</summary>
/// <param name="Reason">Stable code, such as <c>allowed</c>, <c>not_in_allow_list</c> or <c>literal_address</c>.</param>
/// <param name="Rule">The rule as the user wrote it; <c>default</c> when none matched.</param>
public sealed record EgressDecision(bool Allowed, string Reason, string Rule)
{
    public const string NoRule = "default";

    public static EgressDecision Deny(string reason, string rule = NoRule) => new(false, reason, rule);

    public static EgressDecision Allow(string rule) => new(true, "allowed", rule);
}

/// <summary>Why something was refused, as the record has it. Codes are stable: scripts and the dashboard compare them.</summary>
public static class EgressReasons
{
    public const string NotInAllowList = "not_in_allow_list";
    public const string DeniedByRule = "denied_by_rule";
    public const string PortNotAllowed = "port_not_allowed";
    public const string LiteralAddress = "literal_address";
    public const string PrivateAddress = "private_address";
    public const string NameNotFound = "name_not_found";
    public const string NotConnected = "not_connected";
    public const string QueryType = "query_type";
    public const string MalformedName = "malformed_name";
    public const string TooManyNames = "too_many_names";
    public const string TooManyPackets = "too_many_packets";
    public const string SniMissing = "sni_missing";
    public const string SniMismatch = "sni_mismatch";
    public const string EncryptedClientHello = "encrypted_client_hello";
    public const string MalformedTls = "malformed_tls";
    public const string HostMismatch = "host_mismatch";
    public const string MalformedHttp = "malformed_http";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string PathNotAllowed = "path_not_allowed";
    public const string UpgradeNotAllowed = "upgrade_not_allowed";
    public const string ProtocolNotAllowed = "protocol_not_allowed";
    public const string ConnectionLimit = "connection_limit";
    public const string OpeningTimeout = "opening_timeout";
    public const string BytesUp = "bytes_up";
    public const string BytesDown = "bytes_down";
    public const string UpstreamCertificate = "upstream_certificate";
    public const string ClientDistrust = "client_distrust";
    public const string DoorClosed = "door_closed";
}
