using System.Text.Json.Serialization;

namespace Ringfence.Outputs;

/// <summary>Where an approved change set goes, from what lets most out to what lets nothing out.</summary>
[JsonConverter(typeof(SnakeCaseEnum<OutputKind>))]
public enum OutputKind
{
    /// <summary>A branch <c>ringfence/RUN</c> at the repository's code host, and a pull request for it.</summary>
    PullRequest,

    /// <summary>A branch <c>ringfence/RUN</c> in the user's repository; never their working tree, never a push.</summary>
    Branch,

    /// <summary>A patch file that <c>git am</c> and <c>git apply</c> take.</summary>
    Patch,

    /// <summary>Nothing leaves; the change set stays in the store.</summary>
    None,
}
