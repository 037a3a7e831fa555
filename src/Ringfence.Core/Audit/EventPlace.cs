using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>Where and when a fact stands in the record: what the recorder knows and the fact does not.</summary>
/// <param name="AtMicroseconds">Wall time, for reading. It may jump backwards with the machine's clock.</param>
/// <param name="MonoMicroseconds">Since the run's record began, never backwards: for arithmetic.</param>
public readonly record struct EventPlace(RunId Run, long Seq, long AtMicroseconds, long MonoMicroseconds)
{
    /// <summary>Version of the envelope. Readers take newer ones as they are and verify them all the same.</summary>
    public const int Version = 1;

    /// <summary>Writes the whole event. Keys stand in canonical order; what has its default is left out.</summary>
    public void Write(CanonicalJson json, AuditFact fact, Func<string, string> redact)
    {
        json.StartObject();
        json.Key("at_us");
        json.Integer(AtMicroseconds);

        if (fact.Causes.Count > 0)
        {
            json.Key("causes");
            json.StartArray();

            foreach (var cause in fact.Causes)
            {
                json.Integer(cause);
            }

            json.EndArray();
        }

        if (fact.Conversation is not null)
        {
            json.Key("conversation");
            json.String(redact(fact.Conversation));
        }

        json.Key("data");
        FactWriter.Write(json, fact, redact);
        json.Key("mono_us");
        json.Integer(MonoMicroseconds);
        json.Key("run");
        json.String(Run.Value);
        json.Key("seq");
        json.Integer(Seq);
        json.Key("trust");
        json.String(fact.Trust switch { Trust.Observed => "observed", Trust.Reported => "reported", _ => "inferred" });

        if (fact.Turn != 0)
        {
            json.Key("turn");
            json.Integer(fact.Turn);
        }

        json.Key("type");
        json.String(fact.Type);
        json.Key("v");
        json.Integer(Version);
        json.EndObject();
    }
}
