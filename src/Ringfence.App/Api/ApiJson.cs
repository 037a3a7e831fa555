using System.Text.Json;
using System.Text.Json.Serialization;
using Ringfence.Client;

namespace Ringfence.App.Api;

/// <summary>The public API's JSON: camelCase, as its clients know it. Add, never rename. A field that nobody knows is an error, not a shrug.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(CreateRunBody))]
[JsonSerializable(typeof(ResumeBody))]
[JsonSerializable(typeof(CreatedRun))]
[JsonSerializable(typeof(RunInfo))]
[JsonSerializable(typeof(RunPage))]
[JsonSerializable(typeof(LogList))]
[JsonSerializable(typeof(ChangedFiles))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(CreateKeyBody))]
[JsonSerializable(typeof(KeyInfo))]
[JsonSerializable(typeof(IReadOnlyList<KeyInfo>))]
[JsonSerializable(typeof(CreateTemplateBody))]
[JsonSerializable(typeof(ChangeTemplateBody))]
[JsonSerializable(typeof(TemplateResource))]
[JsonSerializable(typeof(IReadOnlyList<TemplateResource>))]
[JsonSerializable(typeof(SetBudgetBody))]
[JsonSerializable(typeof(ScopeBody))]
[JsonSerializable(typeof(IReadOnlyList<BudgetResource>))]
[JsonSerializable(typeof(IReadOnlyList<StopResource>))]
[JsonSerializable(typeof(TableResource))]
[JsonSerializable(typeof(Verified))]
[JsonSerializable(typeof(DecideBody))]
[JsonSerializable(typeof(LinkBody))]
[JsonSerializable(typeof(LinkResource))]
[JsonSerializable(typeof(ApprovalResource))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalResource>))]
[JsonSerializable(typeof(CreateWaiverBody))]
[JsonSerializable(typeof(WaiverInfo))]
[JsonSerializable(typeof(IReadOnlyList<WaiverInfo>))]
[JsonSerializable(typeof(CreateWebhookBody))]
[JsonSerializable(typeof(WebhookInfo))]
[JsonSerializable(typeof(IReadOnlyList<WebhookInfo>))]
[JsonSerializable(typeof(SecretInfo))]
[JsonSerializable(typeof(HookResource))]
[JsonSerializable(typeof(TriggersInfo))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(bool))]
internal sealed partial class ApiJson : JsonSerializerContext;
