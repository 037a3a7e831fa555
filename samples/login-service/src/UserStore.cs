using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;

namespace LoginService;

/// <summary>Users by name, with salted password hashes.</summary>
public sealed class UserStore
{
    private const int Iterations = 1_000;
    private readonly Dictionary<string, (byte[] Salt, byte[] Hash)> users = new(StringComparer.Ordinal);

    public void Add(string name, string password)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        users[name] = (salt, Hash(password, salt));
    }

    public bool Knows(string name, string password) =>
        users.TryGetValue(name, out var user) && CryptographicOperations.FixedTimeEquals(user.Hash, Hash(password, user.Salt));

    private static byte[] Hash(string password, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA256, 32);
}
