namespace Ringfence.Agent.Execution.Permissions;

/// <summary>Permission modes by the names that programs use.</summary>
internal static class ModeName
{
    public static string Of(PermissionMode mode) => mode switch
    {
        PermissionMode.AcceptEdits => "acceptEdits",
        PermissionMode.BypassPermissions => "bypassPermissions",
        PermissionMode.DontAsk => "dontAsk",
        PermissionMode.Plan => "plan",
        _ => "default",
    };

    /// <summary>Null for a name that is none. <c>auto</c> lets a model judge; there is no such judge here, so that it asks like the default.</summary>
    public static PermissionMode? Parse(string? name) => name switch
    {
        "default" or "manual" or "auto" => PermissionMode.Default,
        "acceptEdits" => PermissionMode.AcceptEdits,
        "bypassPermissions" => PermissionMode.BypassPermissions,
        "dontAsk" => PermissionMode.DontAsk,
        "plan" => PermissionMode.Plan,
        _ => null,
    };
}
