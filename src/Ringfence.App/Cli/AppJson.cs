using System.Text.Json.Serialization;
using Ringfence.App.Commands;
using Ringfence.App.Views;

namespace Ringfence.App.Cli;

/// <summary>What <c>--json</c> prints. Scripts read it: add, never rename.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(SandboxView))]
[JsonSerializable(typeof(IReadOnlyList<TemplateView>))]
[JsonSerializable(typeof(SetupView))]
[JsonSerializable(typeof(IReadOnlyList<DoctorView>))]
[JsonSerializable(typeof(IReadOnlyList<RunView>))]
[JsonSerializable(typeof(IReadOnlyList<SetupLayerView>))]
[JsonSerializable(typeof(IReadOnlyList<AgentView>))]
[JsonSerializable(typeof(IReadOnlyList<AgentTestView>))]
[JsonSerializable(typeof(IReadOnlyList<WaiverView>))]
[JsonSerializable(typeof(ApprovalJsonView))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalJsonView>))]
internal sealed partial class AppJson : JsonSerializerContext;
