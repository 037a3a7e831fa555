using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.App.Api;

/// <summary>The public API's JSON: camelCase, as its clients know it. Add, never rename. A field that nobody knows is an error, not a shrug.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(CreateRunBody))]
[JsonSerializable(typeof(ResumeBody))]
[JsonSerializable(typeof(CreatedRun))]
[JsonSerializable(typeof(RunResource))]
[JsonSerializable(typeof(RunList))]
[JsonSerializable(typeof(LogList))]
[JsonSerializable(typeof(SalvageResource))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(CreateKeyBody))]
[JsonSerializable(typeof(KeyResource))]
[JsonSerializable(typeof(IReadOnlyList<KeyResource>))]
[JsonSerializable(typeof(CreateTemplateBody))]
[JsonSerializable(typeof(ChangeTemplateBody))]
[JsonSerializable(typeof(TemplateResource))]
[JsonSerializable(typeof(IReadOnlyList<TemplateResource>))]
[JsonSerializable(typeof(SetBudgetBody))]
[JsonSerializable(typeof(ScopeBody))]
[JsonSerializable(typeof(IReadOnlyList<BudgetResource>))]
[JsonSerializable(typeof(IReadOnlyList<StopResource>))]
[JsonSerializable(typeof(TableResource))]
[JsonSerializable(typeof(VerifiedResource))]
[JsonSerializable(typeof(DecideBody))]
[JsonSerializable(typeof(LinkBody))]
[JsonSerializable(typeof(LinkResource))]
[JsonSerializable(typeof(ApprovalResource))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalResource>))]
[JsonSerializable(typeof(CreateWebhookBody))]
[JsonSerializable(typeof(WebhookResource))]
[JsonSerializable(typeof(IReadOnlyList<WebhookResource>))]
[JsonSerializable(typeof(SecretResource))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(bool))]
internal sealed partial class ApiJson : JsonSerializerContext;
